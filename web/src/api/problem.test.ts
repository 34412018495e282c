import { describe, expect, it } from 'vitest';
import { ApiProblem, asProblem, fieldErrors, problemOf, retryAfter } from './problem';

const response = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

describe('a problem', () => {
  it('takes code, detail and trace from the body', () => {
    const problem = problemOf({ title: 'Bad', detail: 'Enter a name.', code: 'request.invalid', trace_id: 'abc' }, response(400));
    expect(problem).toMatchObject({ status: 400, code: 'request.invalid', message: 'Enter a name.', traceId: 'abc' });
  });

  it('still has a code and a message when something else than a service answered', () => {
    const problem = problemOf('<html>', response(502));
    expect(problem.code).toBe('http.502');
    expect(problem.message).not.toBe('');
  });

  it('is made of anything that was thrown', () => {
    expect(asProblem(new TypeError('x is not a function'))).toMatchObject({ code: 'console.unexpected', message: 'x is not a function' });
  });
});

describe('Retry-After', () => {
  it.each([['37', 37], ['0.2', 1], ['-3', 0]])('%s seconds', (value, seconds) => expect(retryAfter(value)).toBe(seconds));
  it('as a date', () => expect(retryAfter('Thu, 01 Jan 2026 00:01:00 GMT', Date.parse('2026-01-01T00:00:00Z'))).toBe(60));
  it('absent or meaningless', () => {
    expect(retryAfter(null)).toBeUndefined();
    expect(retryAfter('soon')).toBeUndefined();
  });
});

describe('messages of a form', () => {
  const problem = new ApiProblem(400, 'request.invalid', 'No.', undefined, { 's3.endpoint': ['Unknown host.'], '$.name': ['Too long.'], quota: ['Full.'] });

  it('go to the fields that they name, nested ones too', () => {
    expect(fieldErrors(problem, ['name', 's3.endpoint']).fields).toEqual([
      { name: ['s3', 'endpoint'], errors: ['Unknown host.'] },
      { name: ['name'], errors: ['Too long.'] },
    ]);
  });

  it('are kept when the form has no such field', () => expect(fieldErrors(problem, ['name', 's3.endpoint']).rest).toEqual(['quota: Full.']));
});
