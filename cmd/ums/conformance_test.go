package main_test

import (
	"testing"

	"github.com/glarimy/ums/conformance/contract"
	"github.com/glarimy/ums/conformance/contracttest"
	"github.com/glarimy/ums/shared/enginetest"
)

// TestConformance checks every clause of the contract on the whole system as it runs with nothing installed.
func TestConformance(t *testing.T) {
	t.Parallel()
	contracttest.Run(t, contract.All, start(t, t.TempDir(), nil).url)
}

// TestConformanceOnEngines is the same on the databases that an installation has.
func TestConformanceOnEngines(t *testing.T) {
	t.Parallel()
	contracttest.Run(t, contract.All, start(t, t.TempDir(), map[string]string{
		"DATABASE_URL": enginetest.MySQL(t).URL,
		"REDIS_URL":    enginetest.Redis(t).URL,
	}).url)
}
