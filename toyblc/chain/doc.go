// Package chain is the brain of a toyblc node: a single-threaded state machine
// that decides which chain is the right one, whom to ask for blocks, whom to
// drop and what to mine next. It has no goroutine, clock, socket, disk or
// random source; everything comes in through Step and goes out as its result,
// so that a whole network can run in a test in milliseconds.
//
// Headers come first: they are judged by every rule but the data's, from one peer
// at a time, and the data of the best branch is then fetched from all peers that
// claim to have it. Only whole blocks are stored, followed and told of.
//
// Fork choice: the chain with the most total work wins. Between two of equal
// work, the one whose last block was seen first stays.
package chain
