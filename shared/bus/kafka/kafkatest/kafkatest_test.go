package kafkatest_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/glarimy/ums/shared/bus/kafka/kafkatest"
)

// TestAPortThatIsTaken while the brokers are stopped is waited for.
func TestAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	server := kafkatest.New(t)
	server.Stop(t)
	taken, err := net.Listen("tcp", strings.TrimPrefix(server.URL, "kafka://"))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = taken.Close() })
	server.Start(t)
}
