/** RFC 9457 problem details as the services write them. */
interface ProblemBody {
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  trace_id?: string;
  errors?: Record<string, string[]>;
}

/** A call that was refused or failed. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly traceId?: string,
    readonly errors: Record<string, string[]> = {},
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = 'ApiProblem';
  }

  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

const isBody = (value: unknown): value is ProblemBody => typeof value === 'object' && value !== null;

export function problemOf(body: unknown, response: Response): ApiProblem {
  const problem = isBody(body) ? body : {};
  const code = problem.code ?? `http.${response.status}`;
  const message = problem.detail ?? problem.title ?? (response.statusText || `HTTP ${response.status}`);
  return new ApiProblem(response.status, code, message, problem.trace_id, problem.errors, retryAfter(response.headers.get('Retry-After')));
}

export const unreachable = (cause: unknown): ApiProblem =>
  new ApiProblem(0, 'network.unreachable', cause instanceof Error ? cause.message : String(cause));

/** Any thrown value as a problem, so that every screen can show it the same way. */
export const asProblem = (error: unknown): ApiProblem =>
  error instanceof ApiProblem ? error : new ApiProblem(0, 'console.unexpected', error instanceof Error ? error.message : String(error));

/** Retry-After is a number of seconds, or a date. */
export function retryAfter(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}

export interface FieldError {
  name: string[];
  errors: string[];
}

/** Validation messages as form fields: `s3.endpoint` → ['s3', 'endpoint']. Unknown fields stay in `rest`, to be shown above the form. */
export function fieldErrors(problem: ApiProblem, known: readonly string[]): { fields: FieldError[]; rest: string[] } {
  const fields: FieldError[] = [];
  const rest: string[] = [];
  for (const [field, messages] of Object.entries(problem.errors)) {
    const key = field.replace(/^\$\./, '');
    if (known.includes(key)) fields.push({ name: key.split('.'), errors: messages });
    else rest.push(...messages.map((message) => `${key}: ${message}`));
  }
  return { fields, rest };
}
