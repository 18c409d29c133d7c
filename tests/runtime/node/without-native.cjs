// The package's native half polls for events and posts plain answers. AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1
// moves the polling to JavaScript and streaming is JavaScript already, so it need not be compiled.
const Module = require("node:module");

const load = Module._load;
Module._load = (request, ...rest) => (request.endsWith("rapid-client.node") ? {} : load(request, ...rest));
