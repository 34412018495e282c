// What the screens show, named after what the services answer. Everything comes from the generated types.
import type { paths as Ant } from './generated/ant';
import type { paths as Identity } from './generated/identity';
import type { paths as Owl } from './generated/owl';
import type { paths as Porter } from './generated/porter';
import type { paths as Report } from './generated/report';
import type { paths as Storplus } from './generated/storplus';

type Body<Operation> = Operation extends { responses: infer R } ? R[keyof R & (200 | 201 | 202)] extends { content: { 'application/json': infer B } } ? B : never : never;
type Get<P, Path extends keyof P> = P[Path] extends { get: infer O } ? Body<O> : never;
type Post<P, Path extends keyof P> = P[Path] extends { post: infer O } ? Body<O> : never;
type Sent<P, Path extends keyof P> = P[Path] extends { post: { requestBody: { content: { 'application/json': infer B } } } } ? B : never;
type Row<Listed> = Listed extends { items: (infer R)[] } ? R : never;

export interface Page<T> {
  items: T[];
  total: number;
  page: number;
  page_size: number;
}

export interface Paging {
  page: number;
  page_size: number;
}

export type Session = Get<Identity, '/api/v1/identity/session'>;
export type SessionUser = NonNullable<Session['user']>;
export type User = Row<Get<Identity, '/api/v1/identity/users'>>;
export type NewUser = Sent<Identity, '/api/v1/identity/users'>;
export type AccessKey = Row<Get<Identity, '/api/v1/identity/access-keys'>>;
export type NewAccessKey = Post<Identity, '/api/v1/identity/access-keys'>;
export type Tenant = Row<Get<Identity, '/api/v1/identity/tenants'>>;
export type NewTenant = Sent<Identity, '/api/v1/identity/tenants'>;
export type EnrolmentToken = Row<Get<Porter, '/api/v1/porter/enrolment-tokens'>>;
export type IssuedToken = Post<Porter, '/api/v1/porter/enrolment-tokens'>;
export type Pool = Row<Get<Storplus, '/api/v1/storplus/pools'>>;
export type PoolInput = Sent<Storplus, '/api/v1/storplus/pools'>;
export type Probe = NonNullable<Pool['last_probe']>;
export type ProbeFinding = Probe['findings'][number];
export type Task = Get<Ant, '/api/v1/ant/tasks/{id}'>;
export type TaskRow = Row<Get<Ant, '/api/v1/ant/tasks'>>;
export type TaskStep = Task['steps'][number];
export type AuditEntry = Row<Get<Owl, '/api/v1/owl/audit'>>;
export type ChainVerdict = Post<Owl, '/api/v1/owl/audit/verify'>;
export type ServiceRow = Row<Get<Owl, '/api/v1/owl/suite/services'>>;
export type DeadLetter = Row<Get<Owl, '/api/v1/owl/dead-letters'>>;
export type Export = Row<Get<Report, '/api/v1/report/exports'>>;
