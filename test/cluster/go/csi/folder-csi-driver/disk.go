package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// disk is a folder with one folder for each volume and each snapshot, and beside each what is known of it.
type disk struct{ folder string }

type facts struct {
	ID     string    `json:"id"`
	Source string    `json:"source"`
	Bytes  int64     `json:"bytes"`
	MadeAt time.Time `json:"madeAt"`
}

const (
	volumes = "volumes"
	copies  = "snapshots"
)

func (d *disk) prepare() error {
	return errors.Join(os.MkdirAll(d.path(volumes, ""), 0o755), os.MkdirAll(d.path(copies, ""), 0o755))
}

func (d *disk) path(kind, id string) string {
	return filepath.Join(d.folder, kind, filepath.Base("/"+id))
}

// find gives nil where there is none.
func (d *disk) find(kind, id string) (*facts, error) {
	text, err := os.ReadFile(d.path(kind, id) + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := &facts{}
	return found, json.Unmarshal(text, found)
}

// add makes a folder, empty or as a copy of from; harmless to repeat.
func (d *disk) add(kind string, made facts, from string) (*facts, error) {
	if there, err := d.find(kind, made.ID); there != nil || err != nil {
		return there, err
	}
	path := d.path(kind, made.ID)
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	if from == "" {
		// Whoever the pod's user is may write, as with the hostpath driver of the CSI project.
		if err := errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o777)); err != nil {
			return nil, err
		}
	} else if said, err := exec.Command("cp", "--archive", from, path).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("copy %s to %s: %w: %s", from, path, err, said)
	}
	made.MadeAt = time.Now()
	text, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	return &made, os.WriteFile(path+".json", text, 0o644)
}

func (d *disk) remove(kind, id string) error {
	path := d.path(kind, id)
	return errors.Join(os.RemoveAll(path+".json"), os.RemoveAll(path))
}
