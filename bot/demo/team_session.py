from bot.demo.moves import Moves


class TeamSession(Moves):
    pass
