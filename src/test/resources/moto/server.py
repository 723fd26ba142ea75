# moto's server. For every request it lists its own directory and the methods of a class; here it keeps both, which halves what a request costs.
import functools

from moto import backends
from moto.core import responses
from moto.server import main

modules = tuple(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: modules
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
main()
