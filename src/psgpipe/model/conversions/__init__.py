"""Values of the model as tables and as objects of other libraries, imported only where wanted."""
