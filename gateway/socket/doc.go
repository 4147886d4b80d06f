// Package socket reads and writes TCP connections without the scheduler being told of each system call.
//
// Package syscall tells it, because a call may block: its monitor thread then wakes up every 20 µs to look whether one has,
// and hands the processor to another thread if goroutines wait. The sockets of package net never block, so that on a
// gateway, which does little but short system calls, all of this is waste: 6 to 9 % of its CPU.
package socket
