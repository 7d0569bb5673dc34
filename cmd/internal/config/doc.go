// Package config is the file that an operator writes: loading it, checking it,
// printing it without its secrets, and printing the reference of all its keys.
//
// # Promises
//
// Every mistake in a file is reported at once, each under the key that the
// operator typed. A key that is not known is a mistake. Secrets never appear in
// an error, in a log or in what [Config.Print] writes; each may be given in
// place, as ${VARIABLE} of the environment, or as the path of a file under the
// same key with "_file" behind it. The reference is made from the comments on
// the structs below, so that it cannot say anything else than they do.
//
// # What it does not do
//
// It opens no database and no connection; whether an address answers is found
// out by whoever uses it.
package config
