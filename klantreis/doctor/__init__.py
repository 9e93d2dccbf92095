# SPDX-License-Identifier: EUPL-1.2
"""What `klantreis doctor` looks at: pure rules from facts to findings, and where the facts come from."""
