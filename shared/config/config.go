// Package config reads a program's configuration from environment variables into tagged structs.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Load fills the struct that dst points to from the variables its `env` tags name, with the defaults of its
// `envDefault` tags. An empty variable counts as absent. Any variable X may be given as X_FILE instead: a file whose
// content, without the line ends at its end, is the value; that is how secrets arrive. The error names every variable
// that is wrong, and no value of one.
func Load(dst any, getenv func(string) string) error {
	fields, err := env.GetFieldParams(dst)
	if err != nil {
		return fmt.Errorf("describe the configuration: %w", err)
	}
	environment := map[string]string{}
	var wrong []error
	for _, f := range fields {
		value, err := Lookup(f.Key, getenv)
		if err == nil && value != "" {
			environment[f.Key] = value
			err = check(dst, f.Key, value)
		}
		wrong = append(wrong, err)
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	return explain(env.ParseWithOptions(dst, env.Options{Environment: environment}))
}

// check parses one variable alone, as the library's errors speak of struct fields and not of variables.
func check(dst any, key, value string) error {
	alone := reflect.New(reflect.TypeOf(dst).Elem()).Interface()
	err := env.ParseWithOptions(alone, env.Options{Environment: map[string]string{key: value}})
	if parse, ok := errors.AsType[env.ParseError](err); ok {
		return fmt.Errorf("%s is not a valid %s", key, describe(parse.Type))
	}
	return nil
}

// explain tells of each variable that has to be set.
func explain(err error) error {
	aggregate, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return err
	}
	explained := make([]error, len(aggregate.Errors))
	for i, err := range aggregate.Errors {
		explained[i] = err
		if missing, ok := errors.AsType[env.VarIsNotSetError](err); ok {
			explained[i] = fmt.Errorf("%s is not set", missing.Key)
		}
	}
	return errors.Join(explained...)
}

// Lookup returns one variable, or the content of the file that X_FILE names.
func Lookup(key string, getenv func(string) string) (string, error) {
	value, file := getenv(key), getenv(key+"_FILE")
	switch {
	case file == "":
		return value, nil
	case value != "":
		return "", fmt.Errorf("%s and %s_FILE are both set: keep one of them", key, key)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", key, err)
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

func describe(t reflect.Type) string {
	switch {
	case t.String() == "time.Duration":
		return "duration (such as 250ms, 15s or 5m)"
	case t.Kind() == reflect.Bool:
		return "truth value (true or false)"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "whole number"
	default:
		return "value: " + t.String()
	}
}
