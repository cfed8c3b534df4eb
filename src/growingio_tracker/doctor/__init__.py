"""What ``growingio doctor`` looks at: small checks, each of which returns a finding."""
