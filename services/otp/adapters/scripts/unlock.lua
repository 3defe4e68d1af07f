-- Forget an account's failures in a row. What its windows hold stays. → {echo}
local now = now_ms()
local account = load_account(now)
if account.f > 0 then
  account.f = 0
  save_account(account, now)
end
return {ids}
