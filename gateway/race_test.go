//go:build race

package gateway_test

// dropped is how many allocations a GET has more under the race detector, which has every sync.Pool drop things at random.
const dropped = 3
