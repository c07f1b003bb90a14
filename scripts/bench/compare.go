package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// compareStarts starts every program n times, in turn, so that what else the machine does befalls all alike. The first
// is what the others are measured against.
func compareStarts(programs []program, n int) error {
	times := make([][]time.Duration, len(programs))
	for range n {
		for i, p := range programs {
			took, _, stop, err := p.start()
			if err != nil {
				return err
			}
			stop()
			times[i] = append(times[i], took)
		}
	}
	fmt.Printf("from exec to the first answer, %d starts each:\n  %-16s %10s %10s %8s\n", n, "", "least", "median", "ratio")
	var slow []error
	for i, p := range programs {
		slices.Sort(times[i])
		fmt.Printf("  %-16s %10s %10s %8.1f\n", p.name, milli(times[i][0]), milli(median(times[i])), ratio(times[i], times[0]))
		if median(times[i]) > longestStart {
			slow = append(slow, fmt.Errorf("%s starts in %s, more than %s", p.name, milli(median(times[i])), longestStart))
		}
	}
	return errors.Join(slow...)
}

// requests is how many requests are measured, after as many that are not.
const requests = 2000

// kind is a kind of request.
type kind struct {
	name  string
	url   string
	times []time.Duration
}

// compareRequests measures what the adapter adds to a request: health, which it answers at once, and a refusal, for
// which it routes, decides, has the decision recorded and encodes; and what the gateway adds that stands before the bare
// program.
func compareRequests(bare, function, gateway program) error {
	_, floor, stopFloor, err := bare.start()
	if err != nil {
		return err
	}
	defer stopFloor()
	_, addr, stop, err := function.start()
	if err != nil {
		return err
	}
	defer stop()
	gateway.env = append(gateway.env[:len(gateway.env):len(gateway.env)], "ONEX_SERVICES=http://"+floor+"/%s")
	_, before, stopGateway, err := gateway.start()
	if err != nil {
		return err
	}
	defer stopGateway()
	kinds := []*kind{
		{name: bare.name, url: "http://" + floor + "/v1/wallet"},
		{name: "health", url: "http://" + addr + "/healthz"},
		{name: "a refusal", url: "http://" + addr + "/v1/wallet"},
		{name: "by the gateway", url: "http://" + before + "/v1/wallet"},
	}
	for i := range 2 * requests {
		for _, k := range kinds {
			took, err := answered(k.url)
			if err != nil {
				return err
			}
			if i >= requests {
				k.times = append(k.times, took)
			}
		}
	}
	fmt.Printf("\nfor each request on a connection that stays, %d requests each:\n  %-16s %10s %10s\n", requests, "", "median", "added")
	for _, k := range kinds {
		slices.Sort(k.times)
		fmt.Printf("  %-16s %10s %10s\n", k.name, micro(median(k.times)), micro(median(k.times)-median(kinds[0].times)))
	}
	return nil
}

func answered(url string) (time.Duration, error) {
	began := time.Now()
	response, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return time.Since(began), err
}

// median of times in order.
func median(times []time.Duration) time.Duration { return times[len(times)/2] }

func ratio(times, floor []time.Duration) float64 {
	return float64(median(times)) / float64(median(floor))
}

func milli(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func micro(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }
