"""Values of the model as objects of other libraries, which are imported only where wanted."""
