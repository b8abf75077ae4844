"""Contract suites and fakes for the tests of ferray and of packages that add components to it."""
