"""The walk of a request: route, reserve, call, emit."""
