// Package apart runs a program in a network of its own, in which there is a loopback interface and nothing else.
//
// The packet filter of a machine, with the rules of Docker and Kubernetes in it, sees every packet of a benchmark over the
// machine's own loopback interface, and takes a time that all programs under measurement share: it makes them more alike
// than they are.
package apart
