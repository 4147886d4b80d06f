// Package examples holds fillings of slots in other languages, each in a folder of its own. Its tests start each of them
// behind the gateway, among the services of ours, and hold it against the slot's contract.
package examples
