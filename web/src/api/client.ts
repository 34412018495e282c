import createClient, { type Middleware } from 'openapi-fetch';
import type { paths as Ant } from './generated/ant';
import type { paths as Identity } from './generated/identity';
import type { paths as Owl } from './generated/owl';
import type { paths as Porter } from './generated/porter';
import type { paths as Report } from './generated/report';
import type { paths as Storplus } from './generated/storplus';
import { callHeaders } from './headers';
import { ApiProblem, problemOf, unreachable } from './problem';

const headers: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(callHeaders(request.method))) request.headers.set(name, value);
    return request;
  },
};

const service = <Paths extends object>() => {
  // fetch is looked up at each call, so that a test can stand in for it.
  const client = createClient<Paths>({
    baseUrl: globalThis.location.origin,
    credentials: 'same-origin',
    fetch: (request) => globalThis.fetch(request),
  });
  client.use(headers);
  return client;
};

export const ant = service<Ant>();
export const identity = service<Identity>();
export const owl = service<Owl>();
export const porter = service<Porter>();
export const report = service<Report>();
export const storplus = service<Storplus>();

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer, or the problem that the service (or the network) gave instead. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof ApiProblem) throw error;
    throw unreachable(error);
  }
  if (!answer.response.ok) throw problemOf(answer.error, answer.response);
  return answer.data as T;
}
