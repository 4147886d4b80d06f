// Command steady keeps a constant load on a running system while another command does something to it:
//
//	steady -url http://localhost:30080 -rate 50 -- kubectl -n ums rollout restart deployment find
//
// It tells which requests failed, the longest time without a right answer, and which acknowledged users are lost. The
// exit code is 1 if one is.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "steady: %v\n", err)
		os.Exit(1)
	}
}
