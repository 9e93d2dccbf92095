# SPDX-License-Identifier: EUPL-1.2
"""Citizens who visit the demo site: one model of who comes and what they do, for three drivers.

`citizen` decides, by what the page shows and nothing else; `browser` does what a browser and `k.js` would
do; `simulate` lets weeks pass in seconds; `loadtests` sends the same citizens over HTTP.
"""
