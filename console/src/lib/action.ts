import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { toProblem, type Problem } from '@/api/problem'

export interface Action<A extends unknown[], R> {
  busy: Ref<boolean>
  problem: ShallowRef<Problem | undefined>
  /** The answer; undefined where it failed, and problem says why. */
  run: (...words: A) => Promise<R | undefined>
}

/** Something that a person asks for: one at a time, and its failure is shown where it was asked. */
export function useAction<A extends unknown[], R>(work: (...words: A) => Promise<R>): Action<A, R> {
  const busy = ref(false)
  const problem = shallowRef<Problem>()
  async function run(...words: A): Promise<R | undefined> {
    if (busy.value) return undefined
    busy.value = true
    problem.value = undefined
    try {
      return await work(...words)
    } catch (error) {
      problem.value = toProblem(error)
      return undefined
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, run }
}
