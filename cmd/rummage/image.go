package main

import (
	"strings"

	"rummage/imagescan"
)

type imageCmd struct {
	Images   []string `arg:"" name:"image" help:"Reference of a registry, docker-daemon:REF, a directory with an OCI layout, or an archive (OCI layout, docker save, a file system)."`
	Platform []string `placeholder:"OS/ARCH" help:"Read only images of this platform, such as linux/arm64. Repeatable. Default: all of them."`
	scanFlags
}

func (c *imageCmd) Run(a *app) error {
	rules, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	known, err := c.loadKnown()
	if err != nil {
		return err
	}
	var targets []imagescan.Target
	for _, name := range c.Images {
		t, err := imagescan.OpenPath(name)
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	src := imagescan.New(targets, imagescan.Options{Platforms: c.Platform})
	defer src.Close()
	return a.scan(&job{flags: &c.scanFlags, source: src, command: "image", subject: strings.Join(c.Images, " "), rules: rules, known: known})
}
