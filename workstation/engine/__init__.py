"""The network in TensorFlow: training and inference, in processes of their own."""
