package ui

// ReachPath is the page that tests whether an ingest server is reached.
const ReachPath = "/check/reach"
