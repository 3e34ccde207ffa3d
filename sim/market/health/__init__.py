"""Health: what arrived is checked and used; harm, treatment, early warning."""
