// Command weigh writes down what the functions binary weighs, for the check that it does not grow unseen.
//
//	go run ./scripts/weigh > scripts/check/testdata/weight.txt
package main

import (
	"fmt"
	"os"

	"onex.io/onex/scripts/weight"
)

func main() {
	b, err := weight.Build(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(weight.NewTable(b))
}
