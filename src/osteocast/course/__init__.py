"""The disease process: drawn patients, equations, events and care, put together as courses."""
