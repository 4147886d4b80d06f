package access

import (
	"errors"

	"github.com/glarimy/ums/gateway/access/keyfile"
	"github.com/glarimy/ums/gateway/access/token"
	"github.com/glarimy/ums/gateway/config"
)

// Check reads the files that a configuration names, of API keys and of the issuer's keys, whether or not access is
// enforced, and returns everything that is wrong with them. It asks no URL.
func Check(c config.Config) config.Errors {
	var faults config.Errors
	if file := c.Access.KeyFile; file != "" {
		faults = append(faults, faultsOf(file, keyfile.Check(file, Rules(c)))...)
	}
	if t := c.Access.JWT; t != nil && t.JWKSFile != "" {
		faults = append(faults, faultsOf(t.JWKSFile, token.Check(t.JWKSFile))...)
	}
	return faults
}

// faultsOf makes faults of an error: that a file cannot even be read is one without a line.
func faultsOf(file string, err error) config.Errors {
	if faults, ok := errors.AsType[config.Errors](err); ok || err == nil {
		return faults
	}
	return config.Errors{{File: file, Message: err.Error()}}
}
