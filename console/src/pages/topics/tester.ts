import { reactive, shallowRef } from 'vue'
import { api, bodyOf } from '@/api/client'
import { changes } from '@/api/draft'
import { useAction } from '@/lib/action'
import { toList } from './rule'

export interface Answer {
  answer: 'allow' | 'deny' | 'defer'
  by: 'superuser' | 'rule' | 'no_match' | 'system_topic'
  rule: number | null
  why: string
}

/** This client, this topic: which rule, why? By the draft, where there is one. */
export function useTester() {
  const question = reactive({ action: 'publish' as 'publish' | 'subscribe', topic: '', principal: '', client_id: '', groups: '', address: '', is_superuser: false, client_id_proved: true })
  const answer = shallowRef<Answer>()
  const ask = useAction(async () => {
    answer.value = undefined
    const { groups, principal, client_id, address, ...rest } = question
    const list = toList(groups)
    answer.value = bodyOf(
      await api.POST('/topics/test', {
        body: { qos: 0, retain: false, ...rest, ...(principal ? { principal } : {}), ...(client_id ? { client_id } : {}), ...(address ? { address } : {}), ...(list ? { groups: list } : {}), changes: { ...changes } },
      }),
    )
  })
  return { question, answer, ask }
}

export type Tester = ReturnType<typeof useTester>
