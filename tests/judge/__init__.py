"""Requests to providers, judged by the types that the providers publish: their SDKs', and botocore's model of Bedrock.

Whatever is sent upstream in a test is judged as that test ends (see `tests/judge/plugin.py`): in this process where
a request is made, and in the stand-in where the platform runs as processes of its own. It proves shape, not sense: what
providers refuse beyond their types is in `local/standin/refusals`.
"""
