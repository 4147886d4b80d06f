// Package examples holds fillings of slots in other languages, each in a folder of its own. Its tests start each of them
// behind the gateway, among the services of ours, and hold it against the slot's contract.
package examples

// Each filling has a copy of its slot's document, as its image is made of its folder alone. A test compares them.
//
//go:generate cp ../services/find/openapi.yaml find-python/openapi.yaml
//go:generate cp ../services/search/openapi.yaml search-node/openapi.yaml
//go:generate cp ../services/add/openapi.yaml add-java/src/main/resources/openapi.yaml
