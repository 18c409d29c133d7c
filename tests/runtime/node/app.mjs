// The same answers as tests/runtime/functions/wire/app.py, through AWS's own streaming client.
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

export const handler = awslambda.streamifyResponse(async (event, responseStream) => {
  const head = { statusCode: event.status, headers: { "Content-Type": "text/event-stream", "x-request-id": "r-1" } };
  if (event.cookies) head.cookies = event.cookies;
  const stream = awslambda.HttpResponseStream.from(responseStream, head);
  for (const chunk of event.chunks) {
    stream.write(chunk);
    await pause();
  }
  if (event.failure) throw new RangeError(event.failure);
  stream.end();
});
