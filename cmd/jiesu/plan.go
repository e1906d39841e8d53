package main

import (
	"bytes"
	"fmt"

	"jiesu/bot"
	"jiesu/classifier"
	"jiesu/configs"
	"jiesu/routing"
)

// taxonomyFile is read twice, since the domain and the classifier each take their own part of it.
const taxonomyFile = "plan/taxonomy.yaml"

func loadTaxonomy() (classifier.Taxonomy, error) {
	var tax classifier.Taxonomy
	if err := configs.Decode(taxonomyFile, &tax); err != nil {
		return tax, fmt.Errorf("read taxonomy: %w", err)
	}
	places, err := configs.Read("plan/places.tsv")
	if err != nil {
		return tax, fmt.Errorf("read gazetteer: %w", err)
	}
	tax.Places, err = classifier.ReadPlaces(bytes.NewReader(places))
	return tax, err
}

func loadPlan() (*routing.Plan, error) {
	var plan routing.Plan
	if err := configs.Decode(taxonomyFile, &plan); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	return &plan, plan.Validate()
}

// addLife gives the plan what the steps of a case need beside it: the right doors for what isn't accepted, and the words by which is found
// what a complaint asks for.
func addLife(plan *routing.Plan, doors []bot.Door, words routing.Wording) (err error) {
	for _, d := range doors {
		plan.Routes = append(plan.Routes, routing.Route{ID: d.ID, Name: d.Name, Phone: d.Phone, When: d.When})
	}
	plan.Asks, err = routing.NewAsks(words)
	return err
}

func loadDoors() ([]bot.Door, error) {
	var file struct {
		Doors []bot.Door `yaml:"doors"`
	}
	if err := configs.Decode("plan/doors.yaml", &file); err != nil {
		return nil, fmt.Errorf("read doors: %w", err)
	}
	return file.Doors, nil
}

func loadWording() (routing.Wording, error) {
	texts, err := configs.Wording()
	if err != nil {
		return nil, fmt.Errorf("read wording: %w", err)
	}
	return texts, nil
}
