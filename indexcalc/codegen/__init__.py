"""Programs as text that a person would keep: NumPy, JAX, PyTorch, the array API, Julia,
MATLAB and C++ with Eigen."""
