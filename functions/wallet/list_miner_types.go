package wallet

import (
	"context"

	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// listMinerTypes shows the operator's price list.
type listMinerTypes struct {
	types    minertype.Catalog
	forecast forecast
}

func newListMinerTypes(p *platform.Platform) (op.RequestFunc[wallet.ListMinerTypesRequest, wallet.MinerTypes], error) {
	return (&listMinerTypes{types: p.Config.MinerTypes, forecast: forecastOf(p.Config)}).Handle, nil
}

// Handle lists the types, cheapest first.
func (f *listMinerTypes) Handle(context.Context, *wallet.ListMinerTypesRequest) (*wallet.MinerTypes, error) {
	list := &wallet.MinerTypes{Items: []wallet.MinerType{}}
	for _, t := range f.types.List() {
		list.Items = append(list.Items, wallet.MinerType{
			Name: t.Name, CPU: t.CPU, Memory: t.Memory, Share: t.Share, Price: t.Price, ExpectedPerDay: f.forecast.perDay(t, 1),
		})
	}
	return list, nil
}
