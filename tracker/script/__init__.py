# SPDX-License-Identifier: EUPL-1.2
"""The scripts of a measured page: `source/k.js`, the `k.js` made of it, `feedback.js` and `call-code.js`."""
