"""Methods: designs, factors, resampling, sensitivity, discovery."""
