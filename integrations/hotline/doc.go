// Package hotline is the bridge to a city's telephone hotline (12345): it reads the hotline's work orders from spreadsheets and files them.
package hotline
