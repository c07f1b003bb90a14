// Package check holds the rules of the house that a compiler does not know, as tests. They read the files themselves,
// so that the test cache knows what they have read: a cached pass is then still a true one.
package check
