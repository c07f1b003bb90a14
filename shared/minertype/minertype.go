// Package minertype is the operator's price list: what a miner of each type may use, and what its slot costs.
package minertype

import (
	"encoding/json"
	"fmt"
	"sort"

	"k8s.io/apimachinery/pkg/api/resource"

	"onex.io/onex/shared/money"
)

// Type is one line of the price list.
type Type struct {
	Name string `json:"name"`
	// CPU and Memory are the limits of the miner's pod, as Kubernetes quantities.
	CPU    string `json:"cpu"`
	Memory string `json:"memory"`
	// Share is the fraction of one CPU that the miner may use, nearly all of it for hashing, 0 < Share <= 1.
	Share float64 `json:"share"`
	// Price is charged once for a slot of this type.
	Price money.Amount `json:"price"`
}

// Catalog is the price list.
type Catalog struct{ types map[string]Type }

// Default is the catalog of a platform whose operator set no other: the four types of the original in its order, its
// CPU and memory figures, a share equal to the CPU limit, and one OX for each thousandth of a CPU.
func Default() Catalog {
	c, err := New([]Type{
		{Name: "S1.SMALL1", CPU: "50m", Memory: "128Mi", Share: 0.05, Price: 50 * money.OX},
		{Name: "S1.SMALL2", CPU: "100m", Memory: "256Mi", Share: 0.10, Price: 100 * money.OX},
		{Name: "M1.MEDIUM1", CPU: "150m", Memory: "512Mi", Share: 0.15, Price: 150 * money.OX},
		{Name: "M1.MEDIUM2", CPU: "250m", Memory: "1024Mi", Share: 0.25, Price: 250 * money.OX},
	})
	if err != nil {
		return Catalog{}
	}
	return c
}

// New makes a catalog; it refuses types that no miner could be made of, or that are listed twice.
func New(types []Type) (Catalog, error) {
	c := Catalog{types: make(map[string]Type, len(types))}
	for _, t := range types {
		if err := t.check(); err != nil {
			return Catalog{}, err
		}
		if _, twice := c.types[t.Name]; twice {
			return Catalog{}, fmt.Errorf("miner type %q is listed twice", t.Name)
		}
		c.types[t.Name] = t
	}
	return c, nil
}

func (t Type) check() error {
	switch {
	case t.Name == "":
		return fmt.Errorf("miner type without a name")
	case t.Price <= 0:
		return fmt.Errorf("miner type %q: price must be above 0", t.Name)
	case t.Share <= 0 || t.Share > 1:
		return fmt.Errorf("miner type %q: share must be above 0 and at most 1", t.Name)
	}
	for name, text := range map[string]string{"cpu": t.CPU, "memory": t.Memory} {
		if q, err := resource.ParseQuantity(text); err != nil || q.Sign() <= 0 {
			return fmt.Errorf("miner type %q: %s %q is no quantity above 0", t.Name, name, text)
		}
	}
	return nil
}

// UnmarshalText reads a catalog from a JSON array of types, as an operator writes it in ONEX_MINER_TYPES.
func (c *Catalog) UnmarshalText(text []byte) error {
	var types []Type
	if err := json.Unmarshal(text, &types); err != nil {
		return fmt.Errorf("miner types: %w", err)
	}
	read, err := New(types)
	if err != nil {
		return err
	}
	*c = read
	return nil
}

// Get finds a type by name.
func (c Catalog) Get(name string) (Type, bool) {
	t, ok := c.types[name]
	return t, ok
}

// List is the price list, cheapest first, ties by name.
func (c Catalog) List() []Type {
	list := make([]Type, 0, len(c.types))
	for _, t := range c.types {
		list = append(list, t)
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Price != list[j].Price {
			return list[i].Price < list[j].Price
		}
		return list[i].Name < list[j].Name
	})
	return list
}
