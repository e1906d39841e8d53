// Package report makes what the office hands on: tables for a spreadsheet, and the figures and papers that are computed from events.
package report
