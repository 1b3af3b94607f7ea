// Package metrics counts what a sweep does and shows it to Prometheus, and tells whether the program is alive and ready.
//
// It writes Prometheus' text format, version 0.0.4, by itself: the official client adds to the start of a program that
// hooks start too, and brings protobuf. Families appear in the order of their names, series in that of
// their labels' values, so that two writings of the same numbers are the same bytes.
//
// It knows nothing of sweeps but the names of their metrics (sweep.go). Values of labels come in as text and are escaped; who
// counts sees to it that there are few of them, and a family refuses more than MaxSeries.
//
// Names, kinds and labels are the program's: a mistake in them panics when the family is made. All else may be used by many
// goroutines at once.
package metrics
