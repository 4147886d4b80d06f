//go:build !race

package gateway_test

const dropped = 0
