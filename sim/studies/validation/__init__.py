"""How true the model is: facts with ranges, the worlds in which they are measured, and how runs compare with them."""
