package main

// Run is the program, for its tests.
var Run = run
