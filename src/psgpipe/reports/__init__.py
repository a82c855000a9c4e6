"""Pictures and pages: of a night, of a study, of a comparison."""
