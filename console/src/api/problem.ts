/** RFC 9457, with what the daemon adds: our reason, what to do, and the field that is meant. */
export interface Problem {
  status: number
  title: string
  detail?: string
  reason?: string
  cause?: string
  hint?: string
  field?: string
  problems?: FieldFault[]
}

export interface FieldFault {
  field: string
  cause: string
  hint?: string
  row?: number
}

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.cause ?? problem.detail ?? problem.title)
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** Whatever came as the body of an answer that was no success. Never trusted to have a shape. */
export function problemOf(status: number, body: unknown): Problem {
  const from = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const problems = Array.isArray(from.problems)
    ? from.problems.flatMap((one: unknown): FieldFault[] => {
        if (typeof one !== 'object' || one === null) return []
        const fault = one as Record<string, unknown>
        const cause = text(fault.cause)
        const row = typeof fault.row === 'number' ? fault.row : undefined
        return cause === undefined ? [] : [{ field: text(fault.field) ?? '', cause, hint: text(fault.hint), row }]
      })
    : undefined
  return {
    status,
    title: text(from.title) ?? `HTTP ${status}`,
    detail: text(from.detail),
    reason: text(from.reason),
    cause: text(from.cause),
    hint: text(from.hint),
    field: text(from.field),
    problems,
  }
}

/** No answer at all: status 0. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  return { status: 0, title: 'unreachable', detail: error instanceof Error ? error.message : undefined }
}

export const isForbidden = (problem: Problem | undefined): boolean => problem?.status === 403
export const isConflict = (problem: Problem | undefined): boolean => problem?.status === 412 || problem?.status === 409

/** The sentence for one field of a form, if the problem speaks of it. */
export function faultOf(problem: Problem | undefined, field: string): FieldFault | undefined {
  if (!problem) return undefined
  const found = problem.problems?.find((one) => one.field === field)
  if (found) return found
  return problem.field === field ? { field, cause: problem.cause ?? problem.detail ?? problem.title, hint: problem.hint } : undefined
}
